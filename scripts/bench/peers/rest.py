"""Django REST framework over the same jobs: a list with a cursor, one job, its own search filter, and
signing in by simplejwt. A JWT is checked, no query for the user, no throttling. Runs in the environment of the peers: gunicorn with threads, whose
connections to PostgreSQL stay open.
"""

import os
from urllib.parse import parse_qs, unquote, urlsplit

import django
from django.conf import settings

_address = urlsplit(os.environ["DATABASE_URL"])
_query = parse_qs(_address.query)
settings.configure(
    SECRET_KEY=os.environ["PEER_SECRET"],
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
    ],
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _address.path.lstrip("/"),
            "USER": unquote(_address.username or ""),
            "PASSWORD": unquote(_address.password or ""),
            "HOST": _query.get("host", [_address.hostname or ""])[0],
            "PORT": str(_address.port or ""),
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"
        ],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402 - Django has to be set up first.
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import filters, generics, pagination, serializers  # noqa: E402
from rest_framework_simplejwt.views import TokenObtainPairView  # noqa: E402


class Job(models.Model):
    id = models.UUIDField(primary_key=True)
    title = models.TextField()
    company = models.TextField()
    organization_id = models.UUIDField()
    location = models.TextField()
    location_type = models.TextField()
    job_type = models.TextField()
    experience_level = models.TextField()
    description = models.TextField()
    requirements = models.TextField()
    skills = ArrayField(models.TextField())
    salary_min = models.IntegerField(null=True)
    salary_max = models.IntegerField(null=True)
    currency = models.TextField()
    language = models.TextField()
    status = models.TextField()
    posted_by = models.UUIDField(null=True)
    posted_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    applications_count = models.IntegerField()
    views_count = models.BigIntegerField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        app_label = "contenttypes"
        managed = False
        db_table = "open_jobs"


class JobSerializer(serializers.ModelSerializer):
    class Meta:
        model = Job
        fields = "__all__"


class Newest(pagination.CursorPagination):
    page_size = 20
    ordering = ("-posted_at", "-id")


class Jobs(generics.ListAPIView):
    queryset = Job.objects.all()
    serializer_class = JobSerializer
    pagination_class = Newest


class Found(Jobs):
    filter_backends = (filters.SearchFilter,)
    search_fields = ("title", "description")


class One(generics.RetrieveAPIView):
    queryset = Job.objects.all()
    serializer_class = JobSerializer


urlpatterns = [
    path("jobs/", Jobs.as_view()),
    path("jobs/search/", Found.as_view()),
    path("jobs/<uuid:pk>/", One.as_view()),
    path("token/", TokenObtainPairView.as_view()),
]
application = get_wsgi_application()

"""What can go wrong with a résumé before it is read. Why reading failed stands in the résumé."""

from app.core.problems import NotFound, Problem


class ResumeNotFound(NotFound):
    """No such résumé, or one that is neither the caller's nor came with an application to them."""

    code = "resumes.not_found"
    title = "There is no such résumé"
    hint = "Take the id from your own résumés, or from an application to one of your jobs."


class ResumeMissing(Problem):
    """The form has no file, or an empty one."""

    code = "resumes.file_missing"
    status = 422
    title = "The form holds no résumé"
    hint = "Send multipart/form-data with the document in the field `file`."


class ResumeTypeUnsupported(Problem):
    """The content is no PDF, Word document or text, whatever its name says."""

    code = "resumes.type_not_supported"
    status = 415
    title = "Only PDF, Word (.docx) and plain text are read"
    hint = "Save the résumé as PDF or .docx and upload it again."


class ResumeTooLarge(Problem):
    """More bytes than MAX_RESUME_MB."""

    code = "resumes.too_large"
    status = 413
    title = "The résumé is too large"
    hint = "Leave out pictures, or print the résumé to PDF."


class ResumeBeingRead(Problem):
    """The résumé is in work already."""

    code = "resumes.being_read"
    status = 409
    title = "The résumé is being read already"
    hint = "Wait for skills_extracted or extraction_failed, then ask for it again."


class PageNotDrawn(NotFound):
    """No such page among the first ten, no PDF, or one that cannot be drawn."""

    code = "resumes.page_not_drawn"
    title = "This page cannot be shown"
    hint = "Download the original instead."

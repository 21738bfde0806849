"""From rows to whoever is signed in: what of a user's places a request may see."""

from collections.abc import Callable, Sequence
from uuid import UUID

from app.accounts.identity import Affiliation, SignedIn
from app.accounts.models import RefreshFamily, UserCard
from app.auth.principal import ClaimedOrganization, Principal

Allows = Callable[[UserCard], bool]


def by_family(family: RefreshFamily) -> Allows:
    """In a sign-in that began with a foreign token: the issuer's organization that it named."""

    def allows(card: UserCard) -> bool:
        is_foreign = family.issuer is not None and card.organization_issuer == family.issuer
        return not is_foreign or card.organization_id == family.acts_in

    return allows


def by_token(principal: Principal) -> Allows:
    """With a foreign token: of its issuer's organizations those that it names."""

    def allows(card: UserCard) -> bool:
        is_foreign = card.organization_issuer == principal.issuer
        return not is_foreign or any(map(card_names(card), principal.organizations))

    return allows


def card_names(card: UserCard) -> Callable[[ClaimedOrganization], bool]:
    """Whether a claim means the organization of this card: by id where both have one."""

    def means(claimed: ClaimedOrganization) -> bool:
        if claimed.external_id and card.organization_external_id:
            return claimed.external_id == card.organization_external_id
        return claimed.alias == card.organization_alias

    return means


def signed_in(
    cards: Sequence[UserCard],
    allows: Allows,
    *,
    session: UUID | None,
    impersonated_by: str | None = None,
) -> SignedIn:
    """The user of these cards, of which there is at least one, with the places that are allowed."""
    places = [card for card in cards if card.organization_id is not None and allows(card)]
    person = places[0] if places else cards[0]
    return SignedIn(
        id=person.id,
        email=person.email,
        full_name=person.full_name,
        role=person.role if places else person.own_role,
        organization_id=person.organization_id if places else None,
        organization_name=person.organization_name if places else None,
        is_active=person.is_active,
        is_superuser=person.is_superuser,
        auth_provider=person.auth_provider,
        created_at=person.created_at,
        updated_at=person.updated_at,
        affiliations=tuple(
            Affiliation(card.organization_id, _names(card), card.role)
            for card in places
            if card.organization_id is not None
        ),
        session=session,
        impersonated_by=impersonated_by,
    )


def _names(card: UserCard) -> frozenset[str]:
    """What the header X-Organization may call it: our id and alias, and the issuer's."""
    named = (card.organization_slug, card.organization_alias, card.organization_external_id)
    return frozenset({str(card.organization_id), *(name for name in named if name)})

"""Names of people who do not exist.

No first name begins with another one, and none is a last name as well, so that a synthetic person
matches nobody else by truncation or by swapping: expected answers can be computed by equality.
"""

from typing import Final

_FIRST: Final = (
    "Adelheid Alaric Amandine Anselm Bartholomew Beatrix Bertram Calliope Casimir Celestine "
    "Christopher Clementine Cordelia Cosima Desmond Dorothea Eleanora Elspeth Emmerich Ephraim "
    "Faustina Ferdinand Florentine Frederica Gwendolyn Hadrian Henrietta Ignatius Imogen Isidore "
    "Jacqueline Jocasta Katharina Konrad Leopold Lucretia Magdalena Marcellus Maximilian Melisande "
    "Nathaniel Octavian Ottilie Peregrine Philippa Quentin Rosalind Rupert Seraphina Sigmund "
    "Tabitha Thaddeus Theodora Ulysses Valentine Veronika Wilhelmina Winifred Xanthippe Yolanda "
    "Zacharias Zenobia Gottfried Herman"
)
_STEMS: Final = (
    "Alder Birch Cedar Dunn East Fern Gold Hazel Iron Juniper Kings Lang Marsh North Oak Pine "
    "Quarry Raven Stone Thorn Under Vale West Yarrow"
)
_ENDINGS: Final = (
    "acre bank brook by combe croft dale den field ford gate grove ham hurst ley mere more ridge "
    "side stead thwaite ton ward well wick wood worth"
)
FIRST_NAMES: Final = tuple(_FIRST.split())
LAST_NAMES: Final = tuple(stem + ending for stem in _STEMS.split() for ending in _ENDINGS.split())
# Nobody in any book is called so.
UNKNOWN_LAST_NAMES: Final = ("Absentia", "Nemoson", "Nullmann", "Outiston", "Vacantia")

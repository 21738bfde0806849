"""Why a résumé could not be read, in the reader's language.

What is stored is the code with its English words; French ones are put in their place on the way out,
so that a failure of last year reads in either language today.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.mail.languages import Language

_FRENCH: Final[Mapping[str, tuple[str, str]]] = {
    "resume.type_not_supported": (
        "Le fichier n’est ni un PDF, ni un document Word (.docx), ni du texte.",
        "Enregistrez le CV au format PDF ou .docx et envoyez-le de nouveau.",
    ),
    "resume.encrypted": (
        "Le fichier est protégé par un mot de passe.",
        "Retirez le mot de passe, ou imprimez le CV dans un nouveau PDF, et envoyez celui-ci.",
    ),
    "resume.damaged": (
        "Le fichier est abîmé, ou n’a pas été écrit jusqu’au bout.",
        "Ouvrez-le dans le logiciel d’origine, enregistrez-le de nouveau et envoyez le nouveau fichier.",
    ),
    "resume.no_text_layer": (
        "Les pages sont des images, un scan ou une photo par exemple, et ne contiennent pas de texte.",
        "Envoyez le document qui a été imprimé, ou un scan dont le texte a été reconnu.",
    ),
    "resume.no_text": (
        "Le fichier ne contient pas de texte.",
        "Vérifiez que c’est le bon fichier et qu’il n’est pas vide.",
    ),
    "resume.too_large": (
        "Une fois décompressé, le fichier est trop volumineux.",
        "Retirez les images et les pièces jointes, ou imprimez le CV au format PDF.",
    ),
    "resume.too_demanding": (
        "La lecture du fichier a pris plus de temps ou de mémoire qu’il n’en est donné à un CV.",
        "Imprimez le CV dans un nouveau PDF et envoyez celui-ci.",
    ),
    "analysis.too_demanding": (
        "L’analyse a plusieurs fois interrompu le programme qui la faisait.",
        "Envoyez le CV en texte brut et demandez une nouvelle analyse.",
    ),
}


def told(error: Mapping[str, Any] | None, language: Language) -> Mapping[str, Any] | None:
    """The failure in that language; as it is stored where that language lacks it."""
    if error is None or language != "fr" or error["code"] not in _FRENCH:
        return error
    message, hint = _FRENCH[error["code"]]
    return {**error, "message": message, "hint": hint}

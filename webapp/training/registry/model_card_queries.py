"""The model card for whoever reads another language than the English that the training wrote."""

from analysis.training.evaluation.card_words import WORDS
from analysis.training.run_document import RunDocument, RunWarning
from webapp.training import caveat_words
from webapp.training.evaluation.method_words import why_this_method

WRITTEN_IN = "en"
"""By the training; that file is given out unchanged."""


def translated_card(document: RunDocument, language: str | None) -> bytes | None:
    """Returns the card in a language that is active; None where the card of the training is to be sent."""
    from analysis.training.evaluation.model_card import card_of  # deferred: loads torch

    if language is None or language == WRITTEN_IN or language not in WORDS:
        return None
    warnings = [_translated(warning) for warning in document["warnings"]]
    own: RunDocument = {**document, "why": why_this_method(document), "warnings": warnings}
    return card_of(own, WORDS[language]).encode()


def _translated(warning: RunWarning) -> RunWarning:
    happened, advice = caveat_words.WORDS.get(warning["code"], (warning["text"], ""))
    return {**warning, "text": f"{happened}{advice}"}

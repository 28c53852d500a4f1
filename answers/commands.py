"""The socket's `answer`: frames in, the replies' fields out."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from answers.checks import Submission, Version
from answers.submission import submit_many
from core.parsing import CommandIn, read
from core.refusals import Refused
from games.extensions import Call


class AnswerIn(CommandIn):
    question: str = Field("", max_length=20)
    value: Any
    version: Version = None


def answers(calls: Sequence[Call]) -> list[dict[str, Any] | Refused]:
    """Submit what arrived together; a refusal names the field that is wrong."""
    read_ones = [submission_of(call) for call in calls]
    submissions = [one for one in read_ones if isinstance(one, Submission)]
    replies = iter(submit_many(submissions) if submissions else [])
    return [one if isinstance(one, Refused) else next(replies) for one in read_ones]


def submission_of(call: Call) -> Submission | Refused:
    try:
        said = read(AnswerIn, call.frame)
    except Refused as refused:
        return refused
    return Submission(
        call.player.pk,
        call.game_id,
        said.id,
        said.question,
        said.value,
        call.at,
        call.origin,
        call.version if said.version is None else said.version,
        call.source,
    )

"""Signing in through nginx: it has a line of its own."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode
from uuid import uuid4

from gameproject.sign_in_line import FORMS_AT_ONCE
from tests.fronted import Answer, Fronted, ask
from tests.hashing import nobody_hashes

TOKEN = "c" * 32
WAITING = 4  # at least; the others are served


def sign_in(fronted: Fronted, id_: str) -> Answer:
    fields = {"username": id_, "password": "wrong", "csrfmiddlewaretoken": TOKEN}
    return ask(
        fronted.site,
        "/login/",
        "POST",
        urlencode(fields).encode(),
        content_type="application/x-www-form-urlencoded",
        origin=f"http://{fronted.site.listen}",
        cookie=f"csrftoken={TOKEN}",
        x_place=id_,
    )


def place_of(fronted: Fronted, id_: str) -> int:
    place: int = ask(fronted.site, "/login/place/", x_place=id_).json()["place"]
    return place


def test_who_asks_for_their_place_comes_to_the_daphne_they_wait_in(
    fronted: Fronted,
) -> None:
    ids = [str(uuid4()) for _form in range(2 * FORMS_AT_ONCE + WAITING)]
    with ThreadPoolExecutor(len(ids)) as threads:
        with nobody_hashes(fronted):
            forms = [threads.submit(sign_in, fronted, id_) for id_ in ids]
            places: list[int] = []
            while sum(map(bool, places)) < WAITING:
                places = [place_of(fronted, id_) for id_ in ids]
            assert ask(fronted.site, "/healthz").status == 200
        answers = [form.result() for form in forms]
    assert {answer.status for answer in answers} == {200}
    assert [place_of(fronted, id_) for id_ in ids] == [0] * len(ids)

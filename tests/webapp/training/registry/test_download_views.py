"""Files of a model are sent whole and unchanged, or not at all."""

import io
import json
import zipfile

import pytest
from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.test import AsyncClient
from django.urls import reverse

from tests.webapp.page_checks import faults_of
from webapp import storage
from webapp.accounts.models import User
from webapp.training.models import TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)
FILES = {"model.onnx", "model.pt", "model_card.md", "run.json"}


def at(view: str, run: TrainingRun, *more: str) -> str:
    return reverse(f"training:{view}", args=[run.pk, *more])


async def sent(user: User, address: str) -> tuple[int, bytes]:
    client = AsyncClient()
    await sync_to_async(client.force_login)(user)
    response = await client.get(address)
    if isinstance(response, StreamingHttpResponse):
        return response.status_code, b"".join([part async for part in response])
    return response.status_code, response.content


async def test_a_model_leaves_as_it_was_written(trained: TrainingRun, vera: User) -> None:
    status, content = await sent(vera, at("download_all", trained))
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == FILES
        assert json.loads(archive.read("run.json")) == trained.result
        for name in FILES:
            stored = await sync_to_async(storage.read_bytes)(f"{trained.files_prefix}/{name}")
            assert archive.read(name) == stored
            assert await sent(vera, at("download", trained, name)) == (200, stored)


async def test_the_card_is_in_the_language_of_who_downloads_it(trained: TrainingRun, vera: User) -> None:
    vera.language = "zh-hans"
    await sync_to_async(vera.save)()
    status, card = await sent(vera, at("download", trained, "model_card.md"))
    assert status == 200
    text = card.decode()
    assert text.startswith("# 模型：") and "## 局限" in text
    assert trained.result["data_fingerprint"] in text and trained.result["why"] not in text
    _, content = await sent(vera, at("download_all", trained))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read("model_card.md") == card


async def test_a_changed_or_lost_file_is_not_given_out(trained: TrainingRun, vera: User) -> None:
    await sync_to_async(storage.put_bytes)(f"{trained.files_prefix}/model_card.md", b"a good model")
    await sync_to_async(storage.delete)(f"{trained.files_prefix}/model.pt")
    for address in (at("download", trained, "model_card.md"), at("download", trained, "model.pt")):
        status, content = await sent(vera, address)
        assert status == 409
        assert faults_of(content.decode()) == []
        assert "missing or has been changed" in content.decode()
    assert (await sent(vera, at("download_all", trained)))[0] == 409
    assert (await sent(vera, at("download", trained, "model.onnx")))[0] == 200, "the others are whole"


async def test_who_may_download(trained: TrainingRun, charlie: User, vera: User) -> None:
    for address in (at("download_all", trained), at("download", trained, "model.onnx")):
        assert (await sent(charlie, address))[0] == 404
        assert (await AsyncClient().get(address)).status_code == 302
    for name in ("checkpoint.pt", "judged.csv", "..%2Frun.json"):
        assert (await sent(vera, at("run", trained) + f"download/{name}"))[0] == 404

"""A store on S3 is read by ranges, and says the same as the one on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.errors import DmartTuiError, NotFound, Refused
from dmart_tui.core.historydb import Store, read_block
from tests.support.histories import FIRST_DAY, documents
from tests.support.s3 import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, S3Server, moto_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def moto() -> Iterator[S3Server]:
    with moto_server() as server:
        yield server


def upload(server: S3Server, folder: Path, prefix: str) -> str:
    """Copy a store; gives where it is then."""
    for file in folder.rglob("*"):
        if file.is_file():
            server.put(f"{prefix}/{file.relative_to(folder)}", file.read_bytes())
    return f"s3://{BUCKET}/{prefix}"


def test_a_store_on_s3(moto: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmart_tui.core.archives.remote._endpoints", {})
    monkeypatch.setattr("dmart_tui.core.historydb.reading._sources", {})
    for name, value in (
        ("ENDPOINT_URL", moto.url),
        ("ACCESS_KEY_ID", ACCESS_KEY),
        ("SECRET_ACCESS_KEY", SECRET_KEY),
        ("DEFAULT_REGION", REGION),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    with Store.create(str(tmp_path / "s"), days_per_segment=50) as store:
        store.append(documents(12_000))
        store.seal()
        store.erase([5, 6000])
        where = upload(moto, tmp_path / "s", "histories/store.hdb")
        with Store.open(f"{where}/") as remote:
            assert remote.day_counts() == store.day_counts()
            for ref in remote.blocks(FIRST_DAY + 60, FIRST_DAY + 60):
                assert ref.path.startswith(where)
                assert len(read_block(ref).column("kind").codes) == ref.count
            assert list(remote.documents()) == list(store.documents())
            store.append(documents(100, start=12_000))
            upload(moto, tmp_path / "s", "histories/store.hdb")
            assert list(remote.documents(FIRST_DAY + 1, FIRST_DAY + 2)) == list(
                store.documents(FIRST_DAY + 1, FIRST_DAY + 2)
            )
            assert list(remote.verify()) == []
        with pytest.raises(Refused, match="a store on S3 is read only"):
            Store.open(where, write=True)
        with pytest.raises(NotFound):
            Store.open(f"s3://{BUCKET}/nowhere")
        (log,) = (tmp_path / "s").glob("*.hlog")
        moto.client.delete_object(Bucket=BUCKET, Key=f"histories/store.hdb/{log.name}")
        with pytest.raises(DmartTuiError, match="is not there"):
            Store.open(where)

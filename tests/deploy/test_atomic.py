import pytest

from easynas.deploy.atomic import replacing


def test_a_file_appears_with_its_parents_when_the_context_ends(tmp_path):
    path = tmp_path / "new" / "deep" / "file.txt"
    with replacing(path) as draft:
        draft.write_text("content")
        assert not path.exists()
    assert path.read_text() == "content"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_no_trace(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as draft:
        draft.write_text("half of the n")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").touch()
    with replacing(path) as draft:
        draft.mkdir()
        (draft / "new").touch()
    assert [file.name for file in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]

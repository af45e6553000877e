"""A `.tflite` file as an array in C, for devices without a file system."""

from collections.abc import Iterator

from easynas.data.dataset import Target
from easynas.deploy.anatomy import ALIGNMENT, Anatomy

_BYTES_A_LINE = 20


def as_c(content: bytes, anatomy: Anatomy, target: Target, *, name: str) -> str:
    """Returns C that compiles as C++ too: the model, its length, the arena it needs, and the names of its classes.

    Args:
        content: of the file.
        anatomy: of the same file.
        target: what the answers mean.
        name: of the array; what no name in C may have becomes an underscore.
    """
    name = _identifier(name)
    rows = (content[at : at + _BYTES_A_LINE] for at in range(0, len(content), _BYTES_A_LINE))
    lines = ["  " + "".join(f"0x{byte:02x}," for byte in row) for row in rows]
    operators = ", ".join(kind for kind, _ in anatomy.operators)
    return "\n".join(
        [
            f"/* Operators for the resolver: {operators}. */",
            "#ifdef __cplusplus",
            f"alignas({ALIGNMENT})",
            "#else",
            f"_Alignas({ALIGNMENT})",
            "#endif",
            f"const unsigned char {name}[] = {{",
            *lines,
            "};",
            f"const unsigned int {name}_length = {len(content)};",
            "/* Bytes of the tensors; the interpreter itself and scratch buffers of kernels come on top. */",
            f"const unsigned int {name}_arena_bytes = {round(anatomy.arena_kb * 1024)};",
            *_labels(target, name),
            "",
        ]
    )


def _labels(target: Target, name: str) -> Iterator[str]:
    labels = target.to_config().get("labels")
    if labels:
        yield f"const char* const {name}_labels[] = {{{', '.join(_quoted(str(label)) for label in labels)}}};"


def _quoted(text: str) -> str:
    """A string literal; every byte that is not plain ASCII in octal digits, three, so that none can follow it."""
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}" for byte in text.encode())
    return f'"{"".join(plain)}"'


def _identifier(name: str) -> str:
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)
    return plain if plain and not plain[0].isdigit() else f"_{plain}"

"""The catalogue of the C++ standard library.

python -m catalogue FILE                   writes it, compressed, to FILE
python -m catalogue --libstdcxx INCLUDE    reads libstdc++'s headers anew (a folder `include/c++/N`)
"""

import sys
from pathlib import Path

import build
import libstdcxx
import lines
from library import libcxx
from library import libstdcxx as gnu
from merge import entries


def main(words):
    match words:
        case ["--libstdcxx", include]:
            theirs = entries(build.history(gnu(Path(include))))
            libstdcxx.write(theirs, entries(build.history(libcxx())))
        case [file] if not file.startswith("-"):
            every = build.build()
            text = lines.text(every)
            data = lines.compressed(text)
            Path(file).write_bytes(data)
            signatures = sum(len(e.signatures) for e in every)
            print(f"{len(every)} sets, {signatures} signatures, {len(text)} bytes as lines, {len(data)} compressed")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])

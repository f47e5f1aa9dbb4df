"""Runs wstest with the packages of a folder: `wstest.py FOLDER OPTION...`, with Python 2.7."""

import site
import sys

# Unlike PYTHONPATH this reads the folder's .pth files, without which zope's packages are not found.
site.addsitedir(sys.argv.pop(1))

from autobahntestsuite import wstest  # noqa: E402

wstest.run()

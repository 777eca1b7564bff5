"""What a notebook can put out: one cell each, run by every engine and compared."""

from __future__ import annotations

import nbformat

# The pauses are for kernels, which read what subprocesses write in a thread of its own.
FEATURES = {
    "nothing": "x = 1",
    "result": "x + 1",
    "silenced result": "x + 1;",
    "standard output and error": (
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('more', end='')"
    ),
    "output of subprocesses": (
        "import os, subprocess, time\n"
        "os.system('echo from a command; echo and its error >&2')\n"
        "time.sleep(0.3)\n"
        "done = subprocess.run(['echo', 'from a subprocess'])\n"
        "time.sleep(0.3)"
    ),
    "shell magics": "!echo from the shell\nlines = !echo kept\nlines",
    "line magic": "%pwd\n%precision 3\n3.14159",
    "cell magic": "%%bash\necho in bash\necho error in bash >&2",
    "capture magic": "%%capture kept\nprint('hidden')",
    "timing magic": "seconds = %timeit -o -q -n1 -r1 pass\nseconds.loops",
    "environment": (
        "import builtins, __main__\n[os.environ[k] for k in ('MPLBACKEND', 'TERM', 'PAGER')], "
        "__name__, type(get_ipython()).__name__, __main__.x, '' in sys.path"
    ),
    "warning": "import warnings\nwarnings.warn('take care')",
    "deprecation": "warnings.warn('old', DeprecationWarning)",
    "display of several types": (
        "from IPython.display import HTML, JSON, Markdown, Math, display, clear_output\n"
        "display(HTML('<b>bold</b>'), Markdown('*text*'), Math('x^2'))\n"
        "display({'text/plain': 'raw', 'application/x+json': {'a': (1, None, 2.5)}}, raw=True)\n"
        "display('text', metadata={'text/plain': {'b': 1}})"
    ),
    "result of several types": "HTML('<i>result</i>')",
    "data frame": "import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': ['x', '售后']})",
    "output between displays": "print('one')\ndisplay(1)\nprint('two')\ndisplay(2)\nprint('three')",
    "display with an id": "handle = display('first', display_id='the id')\nhandle",
    "update of a display": "handle.update('second')",
    "two displays of one id": "display('again', display_id='the id')\nhandle.update('third')",
    "clear_output": "print('gone')\ndisplay('gone too')\nclear_output()\nprint('stays')",
    "clear_output that waits": "print('gone')\nclear_output(wait=True)\nprint('stays')",
    "clear_output at the end": "print('stays')\nclear_output(wait=True)",
    "top-level await": (
        "import asyncio\n"
        "async def answer():\n    await asyncio.sleep(0)\n    print('awaited')\n    return 42\n"
        "await answer()"
    ),
    "a task of an earlier cell": (
        "done = asyncio.get_running_loop().create_future()\n"
        "task = asyncio.create_task(asyncio.sleep(0, 'later'))"
    ),
    "waiting for it": "await task",
    "threads": (
        "import threading\n"
        "thread = threading.Thread(target=print, args=('in a thread',))\n"
        "thread.start()\nthread.join()\nthreading.current_thread() is threading.main_thread()"
    ),
    "processes": (
        "pid = os.fork()\n"
        "if pid == 0:\n    print('in a forked process', flush=True)\n    os._exit(0)\n"
        "os.waitpid(pid, 0)[1]\ntime.sleep(0.3)"
    ),
    "implicit figure": (
        "import matplotlib.pyplot as plt\nplt.rcParams['figure.figsize'] = 1, 1\n"
        "print('before')\nplt.plot([1, 2])\nprint('after')"
    ),
    "no figure left": "plt.get_fignums()",
    "explicit figure": "fig, ax = plt.subplots()\nax.plot([2, 1])\nplt.close(fig)\nfig",
    "shown figure": "plt.plot([1, 3])\nplt.show()\nprint('after')",
    "two figures": "plt.figure()\nplt.figure();",
    "figure in SVG": (
        "from matplotlib_inline.backend_inline import set_matplotlib_formats\n"
        "set_matplotlib_formats('svg', metadata={'Date': None})\n"
        "plt.rcParams['svg.hashsalt'] = 'fixed'\nplt.plot([1, 2]);"
    ),
    "matplotlib magic": "%matplotlib inline\nplt.plot([4, 1]);",
    "allowed error in a representation": (
        "class Odd:\n    def _repr_html_(self):\n        raise ValueError('no html')\n"
        "    def __repr__(self):\n        return 'odd'\nOdd()"
    ),
    "allowed error": "def f():\n    raise ValueError('售后 <b>')\nf()",
    "allowed syntax error": "1 +* 2",
    "input": "try:\n    input('name?')\nexcept Exception as error:\n    print(repr(error))",
    "allowed error in await": "await asyncio.gather(asyncio.sleep(0), answer(), 1)",
    "pickled class": (
        "import pickle\nclass Own: pass\ntype(pickle.loads(pickle.dumps(Own()))).__name__"
    ),
    "previous results": "_, __, Out[4], In[3]",
    "display hook": "for i in range(2):\n    display(i)\nNone",
    "help": "x?",
    "empty": "   ",
    "parameter": "given",
    "error": "print('so far')\nraise RuntimeError('the end')",
    "never reached": "print('never')",
}


def feature_notebook() -> nbformat.NotebookNode:
    """A notebook with a cell for each feature; its last one but one fails."""
    cells = [
        nbformat.v4.new_markdown_cell("# Features"),
        nbformat.v4.new_code_cell("given = 'default'", metadata={"tags": ["parameters"]}),
    ]
    for name, source in FEATURES.items():
        tags = ["raises-exception"] if name.startswith("allowed") else []
        cells.append(nbformat.v4.new_code_cell(source, metadata={"name": name, "tags": tags}))
    cells.append(nbformat.v4.new_raw_cell("raw"))
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})

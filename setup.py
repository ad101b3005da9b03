"""Builds the optional compiled engine: every variant that this compiler can make, none where there is no compiler."""

import os
import platform

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SOURCES = "empirics/backends/native/source"
HEADERS = (
    *("buffer", "dense", "draws", "elementwise", "job", "ledger", "products", "program", "quadratic", "recorded"),
    *("peak", "rounds", "sweeps", "transpose", "vectors"),
)
COMMON = ["-std=c++17", "-O3", "-pthread", "-fvisibility=hidden", "-Wno-psabi", "-Wno-ignored-attributes"]
X86 = {
    "avx512": ["-DVECTOR_BYTES=64", "-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mavx2", "-mfma"],
    "avx2": ["-DVECTOR_BYTES=32", "-mavx2", "-mfma"],
}
VARIANTS = X86 if platform.machine().lower() in ("x86_64", "amd64") else {"generic": ["-DVECTOR_BYTES=16"]}


class BuildLibraries(build_ext):
    """Plain libraries, not Python modules: a file name with a dot in its stem is importable by nobody."""

    def get_ext_filename(self, fullname: str) -> str:
        """empirics/backends/native/engine.VARIANT.so."""
        *package, variant = fullname.split(".")
        return os.path.join(*package, f"engine.{variant}.so")


setup(
    cmdclass={"build_ext": BuildLibraries},
    ext_modules=[
        Extension(
            f"empirics.backends.native.{name}",
            sources=[f"{SOURCES}/engine.cpp"],
            depends=[f"{SOURCES}/{header}.h" for header in HEADERS],
            extra_compile_args=[*COMMON, *flags],
            extra_link_args=["-pthread"],
            language="c++",
            optional=True,
        )
        for name, flags in VARIANTS.items()
    ],
)

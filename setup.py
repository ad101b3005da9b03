"""Builds the optional compiled engine: every variant that this compiler can make, none where there is no compiler."""

import os
import platform
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
NATIVE = Path("empirics/backends/native")
COMMON = ["-std=c++17", "-O3", "-pthread", "-fvisibility=hidden", "-Wno-psabi", "-Wno-ignored-attributes"]
X86 = {
    "avx512": ["-DVECTOR_BYTES=64", "-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mavx2", "-mfma"],
    "avx2": ["-DVECTOR_BYTES=32", "-mavx2", "-mfma"],
}
VARIANTS = X86 if platform.machine().lower() in ("x86_64", "amd64") else {"generic": ["-DVECTOR_BYTES=16"]}


class BuildLibraries(build_ext):
    """Plain libraries, not Python modules: a file name with a dot in its stem is importable by nobody."""

    def build_extensions(self) -> None:
        """Write the header that Python and C++ share, then compile; the package is imported from these sources."""
        sys.path.insert(0, str(ROOT))
        from empirics.backends.native.header import header

        os.makedirs(self.build_temp, exist_ok=True)
        Path(self.build_temp, "interface.h").write_text(header(), encoding="utf-8")
        for extension in self.extensions:
            extension.include_dirs.append(self.build_temp)
        super().build_extensions()

    def get_ext_filename(self, fullname: str) -> str:
        """empirics/backends/native/engine.VARIANT.so."""
        *package, variant = fullname.split(".")
        return os.path.join(*package, f"engine.{variant}.so")


setup(
    cmdclass={"build_ext": BuildLibraries},
    ext_modules=[
        Extension(
            f"empirics.backends.native.{name}",
            sources=[str(NATIVE / "source" / "engine.cpp")],
            depends=sorted(
                str(path.relative_to(ROOT))
                for path in (
                    *(ROOT / NATIVE / "source").glob("*.h"),
                    *(ROOT / NATIVE / f"{part}.py" for part in ("header", "instructions", "job")),
                )
            ),
            extra_compile_args=[*COMMON, *flags],
            extra_link_args=["-pthread"],
            language="c++",
            optional=True,
        )
        for name, flags in VARIANTS.items()
    ],
)

"""The macros that pieces need beyond their packages; macros.tex begins with them."""

from __future__ import annotations

LAYOUT = r"""% For the preamble of a document that inputs pieces; needs amsmath, booktabs and graphicx.
% Pieces cite the papers of sources.bib: \bibliography{sources}. All but figures are there twice, for a text at least
% 345 points wide (statements/, proofs/, tables/) and for a column at least 3.25 inches wide (column/statements/ ...).
% \ref{st:ID} prints the id of a statement, \ref{lemma:ID} that of a lemma.
\makeatletter
\providecommand{\MFLlabel}[2]{\ifdefined\phantomsection\phantomsection\fi\def\@currentlabel{#1}\label{#2}\ignorespaces}
\makeatother
% A line of a display that nothing can break is made as narrow as the text.
\newsavebox{\MFLbox}
\providecommand{\MFLfit}[1]{\sbox{\MFLbox}{$\displaystyle #1$}\ifdim\wd\MFLbox>0.98\linewidth
  \resizebox{0.98\linewidth}{!}{\usebox{\MFLbox}}\else\usebox{\MFLbox}\fi}
"""

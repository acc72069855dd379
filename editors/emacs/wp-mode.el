;;; wp-mode.el --- Major mode for wetprint designs -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:
;; Highlighting, comments and indentation of .wp files; Eglot talks to `wp lsp'.

;;; Code:

(defvar eglot-server-programs)

(defconst wp-kinds
  '("material" "bath" "solvent" "linker" "nozzle" "lattice" "path" "solid" "part" "mask" "film" "ligand" "developer"
    "region" "layer"))
(defconst wp-words
  '("wp" "use" "as" "param" "let" "fn" "preset" "print" "pattern" "assert" "check" "test" "expect" "allow" "because" "state"
    "compensate" "if" "then" "else" "for" "in" "where" "with" "step" "choices" "and" "or" "not" "mod" "from" "assumed"))
(defconst wp-functions
  '("exactly" "floor_fit" "even_pitch" "sqrt" "sin" "cos" "tan" "asin" "acos" "atan" "abs" "min" "max" "round"
    "ceil" "floor" "len" "sum" "noise" "ramp" "inside" "distance" "mix" "wet" "dried" "move" "rotate" "mirror"
    "scale" "array" "union" "difference" "intersection" "grow" "invert" "slice" "outline"))
(defconst wp-types
  '("Length" "Area" "Volume" "Time" "Mass" "Angle" "Speed" "Pressure" "Viscosity" "Density" "Molarity"
    "SpecificArea" "Hansen" "Conductivity" "Ratio" "Count" "Text" "Bool" "Material" "Bath" "Solvent" "Linker"
    "Solid" "Part" "Dose" "ChargeDose" "Power" "Intensity" "Current" "Voltage" "Mask" "Film" "Ligand" "Developer"))

(defvar wp-font-lock-keywords
  `(("\\_<\\([A-Za-z_][A-Za-z0-9_]*\\)\\s-*:" 1 font-lock-variable-name-face)
    ("\\_<\\([0-9]+\\(?:\\.[0-9]+\\)?\\(?:[eE][+-]?[0-9]+\\)?\\)\\(%\\|[A-Za-zµμ°Ω]+\\|\\[[^]\n]*\\]\\)?"
     (1 font-lock-constant-face) (2 font-lock-type-face nil t))
    (,(concat (regexp-opt wp-kinds 'symbols) "\\s-+\\([A-Za-z_][A-Za-z0-9_]*\\)\\s-*=")
     (1 font-lock-keyword-face) (2 font-lock-function-name-face))
    (,(regexp-opt wp-kinds 'symbols) . font-lock-keyword-face)
    (,(regexp-opt wp-words 'symbols) . font-lock-keyword-face)
    (,(concat (regexp-opt wp-functions 'symbols) "\\s-*(") 1 font-lock-builtin-face)
    ("\\_<\\(curve\\)\\s-*(" 1 font-lock-function-name-face)
    (,(regexp-opt wp-types 'symbols) . font-lock-type-face)
    (,(regexp-opt '("true" "false" "rest" "pi") 'symbols) . font-lock-constant-face)))

(defvar wp-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?_ "_" table)
    table))

(defun wp-indent-line ()
  "Indent the line by two spaces for each bracket that is open before it."
  (interactive)
  (let* ((depth (save-excursion
                  (back-to-indentation)
                  (- (car (syntax-ppss)) (if (looking-at "[]})]") 1 0))))
         (column (* 2 (max 0 depth))))
    (if (<= (current-column) (current-indentation))
        (indent-line-to column)
      (save-excursion (indent-line-to column)))))

;;;###autoload
(define-derived-mode wp-mode prog-mode "wp"
  "Major mode for wetprint designs."
  (setq-local comment-start "# ")
  (setq-local indent-tabs-mode nil)
  (setq-local indent-line-function #'wp-indent-line)
  (setq-local font-lock-defaults '(wp-font-lock-keywords)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.wp\\'" . wp-mode))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(wp-mode . ("wp" "lsp"))))

(provide 'wp-mode)
;;; wp-mode.el ends here

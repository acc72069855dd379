" Highlighting of wetprint designs (.wp).
if exists("b:current_syntax")
  finish
endif

syn iskeyword @,48-57,_

syn match wpKind /\<\%(material\|bath\|solvent\|linker\|nozzle\|lattice\|path\|solid\|part\|mask\|film\|ligand\|developer\|region\|layer\)\>/
syn match wpStatement /\<\%(use\|as\|param\|let\|fn\|preset\|print\|pattern\|assert\|check\|test\|expect\|allow\|because\|state\)\>/
syn match wpStatement /\<\%(compensate\)\>/
syn match wpConditional /\<\%(if\|then\|else\|for\|in\|where\|with\|step\|choices\)\>/
syn keyword wpOperatorWord and or not mod
syn keyword wpConstant true false rest pi
syn match wpOrigin /\<\%(from\|assumed\)\>/
syn keyword wpFunction exactly floor_fit even_pitch sqrt sin cos tan asin acos atan abs min max round ceil floor len sum
syn keyword wpFunction noise ramp inside distance mix wet dried move rotate mirror scale array union difference
syn keyword wpFunction intersection grow invert slice outline
syn keyword wpType Length Area Volume Time Mass Angle Speed Pressure Viscosity Density Molarity SpecificArea Hansen
syn keyword wpType Conductivity Ratio Count Text Bool Material Bath Solvent Linker Solid Part
syn keyword wpType Dose ChargeDose Power Intensity Current Voltage Mask Film Ligand Developer

" A field's name or a member is no keyword, whatever it is called: a match that is defined later wins.
syn match wpField /\<\h\w*\ze\s*:/
syn match wpMember /\.\@1<=\h\w*/
syn match wpConstruct /\<\h\w*\ze\s*{/
syn match wpConstruct /\<curve\ze\s*(/
syn match wpVersion /^\s*\zswp\ze\s\+\d/

syn match wpNumber /\<\d\+\%(\.\d\+\)\?\%([eE][+-]\?\d\+\)\?/ nextgroup=wpUnit
syn match wpUnit /\%(%\|[a-zA-Zµμ°Ω]\+\|\[[^][]*\]\)/ contained

syn region wpString start=/"/ skip=/\\./ end=/"/ oneline contains=wpEscape
syn match wpEscape /\\./ contained
syn match wpComment /#.*$/ contains=@Spell

hi def link wpKind Structure
hi def link wpStatement Statement
hi def link wpVersion Statement
hi def link wpConditional Conditional
hi def link wpOperatorWord Operator
hi def link wpConstant Constant
hi def link wpOrigin StorageClass
hi def link wpFunction Function
hi def link wpType Type
hi def link wpField Identifier
hi def link wpMember Identifier
hi def link wpConstruct Special
hi def link wpNumber Number
hi def link wpUnit SpecialChar
hi def link wpString String
hi def link wpEscape SpecialChar
hi def link wpComment Comment

let b:current_syntax = "wp"

" Settings of wetprint designs: two spaces, # comments, `wp fmt` for gq on a whole file, `wp check` for :make.
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1

setlocal commentstring=#\ %s comments=:# expandtab shiftwidth=2 softtabstop=2 suffixesadd=.wp
setlocal makeprg=wp\ check\ %:S
setlocal errorformat=%trror[%*[A-Z0-9]]\ %f:%l:%c:\ %m,%tarning[%*[A-Z0-9]]\ %f:%l:%c:\ %m,%-G%.%#
let b:undo_ftplugin = "setlocal commentstring< comments< expandtab< shiftwidth< softtabstop< suffixesadd< makeprg< errorformat<"

au BufRead,BufNewFile *.wp setfiletype wp

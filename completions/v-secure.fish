complete --keep-order --exclusive --command v-secure --arguments "(COMPLETE=fish v-secure -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"

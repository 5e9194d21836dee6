# Run the suite on this machine. Included by the Makefile, which knows $(BIN) and how to make the virtual environment.
PORT ?= 8080
ROOM ?=

.PHONY: run
run: venv ## the whole suite on PORT (8080); only one room with ROOM=scan; Ctrl-C stops it, the data stays
	@exec $(BIN)/python -m local run --port $(PORT) $(if $(ROOM),--room $(ROOM)) $(ARGS)

.PHONY: demo
demo: venv ## the whole story, played on the running suite and narrated with figures
	@$(BIN)/python -m local demo --port $(PORT) $(ARGS)

.PHONY: reset
reset: venv ## throw the data of `make run` away
	@$(BIN)/python -m local reset

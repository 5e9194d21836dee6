# Run the suite on this machine. Included by the Makefile, which makes the virtual environment first ($(PYTHON)).
PORT ?= 8080
ROOM ?=

.PHONY: run reset demo
run: $(VENV_READY)  ## start the whole suite on PORT (8080), or one room with ROOM=scan
	@$(PYTHON) -m local run --port $(PORT) $(if $(ROOM),--room $(ROOM))

demo: $(VENV_READY)  ## play the whole story on the running suite
	@$(PYTHON) -m local demo --port $(PORT)

reset: $(VENV_READY)  ## throw the data of `make run` away
	@$(PYTHON) -m local reset

# What one does here. `make` alone prints the list. The work is in scripts/; this file only names it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help up down clean test test-chain test-fast bench fmt lint

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

up: ## build and start the full stack, follow its first cycle, print the leaderboard and the weights
	@scripts/up

down: ## stop the stack; its data stay
	@scripts/down

clean: ## stop the stack and delete its data
	@scripts/down --volumes

test: ## run everything: format, lints, all tests, documentation, images (what .ci/run calls)
	@scripts/test

test-chain: ## run the tests with the Python clients of the chain (part of `make test`)
	@scripts/test-chain

test-fast: ## run the pure tests, which need no server
	@scripts/test fast

bench: ## measure how long scoring takes, beside looking at every subset (scripts/bench --quick: in a minute)
	@scripts/bench

fmt: ## format the code
	@cargo fmt --all

lint: ## check the format and the lints, warnings are errors
	@scripts/test lint

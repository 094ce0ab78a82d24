/** The worker's own script: run it as a module worker and give it to `spawn`. It exports nothing. */
export {};

import { openTerminal } from './terminal.ts';

/**
 * Run a program in a terminal until it prompts, say its process id, and go, so that the terminal is gone: a process of
 * its own, since another child of the tests may have inherited the terminal's other end.
 */
const [program = '', ...words] = process.argv.slice(2);
const terminal = openTerminal(program, words, process.env);
await terminal.see(/[#$] $/);
process.stdout.write(String(terminal.pid));
process.exit();

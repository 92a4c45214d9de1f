import { ensureTrusted } from '../catalogue/trust.ts';
import { openConsole } from '../session/console.ts';
import { captureSink } from '../session/sink.ts';
import { type TestResult, testToolkit } from '../session/toolkit-test.ts';
import { printable } from '../text/printable.ts';
import { askingForTrust } from './ask-trust.ts';
import { imageOf } from './image-word.ts';
import { printDocument } from './print.ts';
import { defaultsOf } from './session.ts';
import { buildRequest } from './session-request.ts';
import { sessionTools } from './session-tools.ts';
import { findToolkit, type ToolkitsContext } from './toolkits.ts';

/** `toolkits test NAME POD`: whether the image has what the toolkit's recipes need, found out beside a pod. */
export async function testCommand(context: ToolkitsContext): Promise<number> {
	const { catalogue, flags, words, version } = context;
	const [name = '', ...target] = words;
	const sourced = findToolkit(catalogue, name);
	const configuration = await context.configuration();
	await ensureTrusted(sourced, configuration, askingForTrust(flags.yes));
	const { output, yes: _, quiet, timeout, ...chosen } = flags;
	const { toolkit } = sourced;
	chosen.image = imageOf(chosen.image, toolkit, catalogue.toolkits);
	const request = buildRequest(target, ['test'], chosen, {
		toolkit: name,
		defaults: defaultsOf(toolkit, configuration),
		stdinIsTerminal: process.stdin.isTTY === true,
		stdoutIsTerminal: process.stdout.isTTY === true,
		custom: undefined,
	});
	const connection = await context.connect();
	const tools = sessionTools(openConsole(quiet ?? false), captureSink(0), timeout);
	const { pod, results } = await testToolkit(
		{ request, toolkit, scripts: {}, configuration, connection, version },
		tools,
	);
	if (output === 'json' || output === 'yaml') await printDocument({ toolkit: name, pod, results }, output);
	else process.stdout.write(tableOf(results));
	return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

function tableOf(results: TestResult[]): string {
	const width = Math.max(...results.map(({ name }) => name.length));
	const words = { ok: 'ok', failed: 'FAIL', none: '-' };
	const lines = results.map((one) => {
		const said = one.outcome === 'none' ? 'says no test' : one.words;
		return `${words[one.outcome].padEnd(4)}  ${one.name.padEnd(width)}  ${said}`.trimEnd();
	});
	return `${printable(lines.join('\n'))}\n`;
}

import { digestOf } from '../catalogue/digest.ts';
import { differenceOf } from '../catalogue/trust.ts';
import { openTrustStore } from '../catalogue/trust-store.ts';
import { UsageError, UserError } from '../errors.ts';
import { askYes } from '../text/ask.ts';
import { printable } from '../text/printable.ts';
import { findToolkit, type ToolkitsContext } from './toolkits.ts';

/** `toolkits trust NAME[@sha256:…]…`: agree to what they are now, or only to what they are by that digest. */
export async function trustToolkits({ catalogue, paths, words }: ToolkitsContext): Promise<number> {
	const store = openTrustStore(paths);
	const asked = words.map((word) => {
		const [, name = '', digest] = /^([^@]*)(?:@(.*))?$/s.exec(word) ?? [];
		if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest))
			throw new UsageError(
				`"${digest}" is no digest`,
				'It is sha256: and 64 hexadecimal digits, as toolkits show says it.',
			);
		return { sourced: findToolkit(catalogue, name), digest };
	});
	for (const { sourced, digest } of asked) {
		const { toolkit, source } = sourced;
		if (sourced.trust === 'none') {
			say(`${toolkit.name} is built in, and needs none`);
			continue;
		}
		const { parts } = await sourced.contents();
		const now = digestOf(parts);
		if (digest !== undefined && digest !== now)
			throw new UserError(
				`toolkit "${toolkit.name}" from ${source} is ${now}`,
				`It is no longer, or not yet, ${digest}; kubectl ephemeral toolkits show ${toolkit.name} tells what it is.`,
			);
		const agreed = store.digest(toolkit.name);
		const before = agreed === undefined || agreed === now ? undefined : store.parts(agreed);
		for (const line of before || digest === undefined ? differenceOf(before ?? {}, parts) : []) say(line);
		if (digest === undefined && agreed !== now) await agree(toolkit.name, now);
		store.trust(toolkit.name, source, parts);
		process.stdout.write(`${toolkit.name}@${now}\n`);
	}
	return 0;
}

/** `toolkits untrust NAME…`. */
export async function untrustToolkits({ paths, words }: ToolkitsContext): Promise<number> {
	const store = openTrustStore(paths);
	for (const name of words)
		if (!store.forget(name)) throw new UserError(`toolkit "${name}" was not agreed to by toolkits trust`);
	return 0;
}

/** Whoever gives no digest agrees to what was just shown. @throws UserError where nobody does */
async function agree(name: string, digest: string): Promise<void> {
	if (!process.stdin.isTTY || !process.stderr.isTTY)
		throw new UserError(
			`toolkit "${name}" is trusted by what it is, and nobody is there to look at it`,
			`kubectl ephemeral toolkits trust ${name}@${digest} says that somebody has.`,
		);
	if (!(await askYes(`Trust toolkit ${name} as shown?`))) throw new UserError('nothing was done');
}

function say(line: string): void {
	process.stderr.write(`${printable(line)}\n`);
}

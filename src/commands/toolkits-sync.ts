import { sayFinding } from '../catalogue/inspect.ts';
import { forgetSynced, syncToolkits } from '../catalogue/sync.ts';
import { nameOf } from '../catalogue/synced.ts';
import { UserError } from '../errors.ts';
import { sayRefusal } from '../session/api-words.ts';
import { printable, printableLine } from '../text/printable.ts';
import type { ToolkitsContext } from './toolkits.ts';

/** `toolkits sync`: fetch the team's ConfigMap, which nothing else does. @returns 1 where something in it is wrong */
export async function syncCommand({ configuration, paths, connect }: ToolkitsContext): Promise<number> {
	const { configMap } = await configuration();
	const say = (line: string): void => void process.stderr.write(`${printableLine(line)}\n`);
	if (!configMap) {
		if (!forgetSynced(paths))
			throw new UserError(
				'no ConfigMap is named to sync toolkits from',
				`In ${paths.configuration}: toolkits: {configMap: {namespace: platform, name: toolkits}}`,
			);
		say('No ConfigMap is named any more: what was synced is gone.');
		return 0;
	}
	const synced = await connect()
		.then((connection) => syncToolkits(connection, configMap, paths))
		.catch((error) => {
			const said = sayRefusal(error);
			if (!(said instanceof UserError)) throw said;
			const role = /may not get configmaps/.test(said.message) ? 'It takes the verb get on that ConfigMap.' : said.hint;
			const rest = 'What was synced before stays in use.';
			throw new UserError(said.message, [role, rest].filter(Boolean).join(' '), { cause: error });
		});
	const { added, changed, gone, passedOver, findings, pin } = synced;
	const lines = [
		...added.map((name) => `added    ${name}`),
		...changed.map((name) => `changed  ${name}`),
		...gone.map((name) => `gone     ${name}`),
	];
	process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
	for (const key of passedOver) say(`Warning: ${key} is no NAME.yaml, and is left out`);
	for (const finding of findings) say(`Warning: ${sayFinding(finding)}`);
	const what = lines.length === 0 ? 'nothing has changed in' : 'synced from';
	say(
		`${pin.names.length} of ConfigMap ${nameOf(configMap)}: ${what} resource version ${pin.resourceVersion}, ${new URL(pin.server).host}`,
	);
	return findings.length > 0 ? 1 : 0;
}

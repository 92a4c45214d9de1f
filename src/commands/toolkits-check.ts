import { checkFolder, checkSources } from '../catalogue/check.ts';
import { sayFinding } from '../catalogue/inspect.ts';
import { printableLine } from '../text/printable.ts';
import { printDocument } from './print.ts';
import type { ToolkitsContext } from './toolkits.ts';

/** `toolkits check [DIR]`: everything that is wrong, a line each. @returns 1 where anything is */
export async function checkToolkits({ catalogue, words, flags }: ToolkitsContext): Promise<number> {
	const [folder] = words;
	const { files, findings, syntax } =
		folder === undefined ? await checkSources(catalogue.sources) : await checkFolder(folder);
	const general = folder === undefined ? catalogue.general : [];
	if (flags.output === 'json' || flags.output === 'yaml') {
		await printDocument([...findings, ...general.map((text) => ({ text }))], flags.output);
	} else {
		const lines = [...findings.map(sayFinding), ...general];
		process.stdout.write(lines.map((line) => `${printableLine(line)}\n`).join(''));
	}
	const count = findings.length + general.length;
	const said = count === 0 ? 'nothing is wrong' : count === 1 ? '1 finding' : `${count} findings`;
	process.stderr.write(
		`${files.length} checked: ${said}${syntax ? '' : '; without sh, whose syntax was not looked at'}\n`,
	);
	return count > 0 ? 1 : 0;
}

import { readFile } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { type Configuration, NO_CONFIGURATION, parseConfiguration } from '../toolkit/configuration.ts';

/**
 * The user's configuration; where there is no file, none.
 * @throws UserError for a file that cannot be read or is wrong, naming file and line
 */
export async function loadConfiguration(file: string): Promise<Configuration> {
	let text: string;
	try {
		text = await readFile(file, 'utf8');
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR') return NO_CONFIGURATION;
		throw new UserError(`the configuration ${file} cannot be read: ${code ?? message}`, undefined, { cause: error });
	}
	return parseConfiguration(text, file);
}

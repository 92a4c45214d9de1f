import { UserError } from '../errors.ts';
import {
	type Configuration,
	mergeConfigurations,
	NO_CONFIGURATION,
	parseConfiguration,
} from '../toolkit/configuration.ts';
import { readText } from '../toolkit/scripts.ts';
import type { OurPaths } from './paths.ts';
import { FileTrouble, readRegular } from './read-file.ts';

/** Bytes of the largest configuration file. */
const LARGEST = 1 << 20;

/**
 * The user's configuration over that of the whole machine; what the latter forbids stays forbidden. Where there is no file,
 * nothing is set.
 * @throws UserError for a file that cannot be read or is wrong, naming file and line
 */
export async function loadConfiguration({
	configuration,
	systemConfiguration,
}: Pick<OurPaths, 'configuration' | 'systemConfiguration'>): Promise<Configuration> {
	const [user, system] = [await load(configuration), await load(systemConfiguration)];
	return mergeConfigurations(user, system);
}

async function load(file: string): Promise<Configuration> {
	let bytes: Uint8Array;
	let own: boolean;
	try {
		({ bytes, own } = readRegular(file, LARGEST));
	} catch (error) {
		if (!(error instanceof FileTrouble)) throw error;
		if (error.code === 'ENOENT') return NO_CONFIGURATION;
		throw new UserError(`the configuration ${file} ${error.message}`, undefined, { cause: error });
	}
	const read = readText(bytes);
	if ('wrong' in read) throw new UserError(`the configuration ${file} ${read.wrong}`);
	const configuration = await parseConfiguration(read.text, file);
	if (own || Object.keys(configuration.trust).length === 0) return configuration;
	// Whoever may write it could trust anything.
	throw new UserError(
		`the configuration ${file} trusts toolkits, and others may write it`,
		`chmod go-w ${file}, and its folder`,
	);
}

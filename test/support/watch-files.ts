import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * To be preloaded (`node --import`): every call of node:fs, with a path that begins with one of $WATCHED (separated by
 * colons), is written to the file $WATCH_LOG as a line `NAME PATH`. The calls themselves are as ever.
 */
const watched = (process.env.WATCHED ?? '').split(':');
const log = process.env.WATCH_LOG ?? '';
const write = fs.appendFileSync;

for (const holder of [fs, fs.promises] as unknown as Record<string, unknown>[]) {
	for (const [name, work] of Object.entries(holder)) {
		if (typeof work !== 'function' || /^[A-Z_]/.test(name)) continue;
		const wrapper = (...values: unknown[]): unknown => {
			const [path] = values;
			const text = path instanceof URL ? path.pathname : String(path);
			if (text !== log && watched.some((begin) => text.startsWith(begin))) write(log, `${name} ${text}\n`);
			return Reflect.apply(work, holder, values);
		};
		holder[name] = Object.assign(wrapper, work);
	}
}
syncBuiltinESMExports();

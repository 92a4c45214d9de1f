/** One document to standard output, as `-o json` or `-o yaml` ask for it. */
export async function printDocument(value: unknown, format: 'json' | 'yaml'): Promise<void> {
	if (format === 'json') {
		process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
		return;
	}
	const { dump } = await import('js-yaml');
	process.stdout.write(dump(JSON.parse(JSON.stringify(value)), { lineWidth: -1, noRefs: true }));
}

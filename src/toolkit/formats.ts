/** What a recipe's `output.format` may say; `src/formats/artefact.ts` knows how each begins. */
export const FORMATS: readonly string[] = ['gzip', 'hprof', 'jfr', 'pcap', 'pcapng', 'pprof', 'tar', 'zip'];

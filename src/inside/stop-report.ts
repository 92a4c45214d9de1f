/** One process that is in the way of stopping, as `stop.sh` names it. */
export interface InTheWay {
	/** `traces`: ending it would end what it holds. */
	doing: 'busy' | 'traces';
	pid: number;
	name: string;
}

/** The lines of `stop.sh` → what is in the way; lines it does not write are passed over. */
export function readStopReport(text: string): InTheWay[] {
	return [...text.matchAll(/^(busy|traces) (\d+) (.*)$/gm)].map(([, doing, pid, name]) => ({
		doing: doing === 'traces' ? 'traces' : 'busy',
		pid: Number(pid),
		name: name ?? '',
	}));
}

import { aMachine, type Machine } from '../support/machine.ts';
import { itRunsEveryForm } from './forms.ts';

describe('extension packages in the executable', () => {
	let machine: Machine;
	before(() => {
		machine = aMachine();
	});
	after(() => machine.remove());

	itRunsEveryForm(() => machine);
});

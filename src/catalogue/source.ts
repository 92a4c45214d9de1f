import type { UserError } from '../errors.ts';
import type { Contents, RecipeSet, Scripts, SourceKind, Toolkit, TrustRule } from '../toolkit/toolkit.ts';
import type { Place } from './inspect.ts';

/** Toolkits and sets of recipes of one place: the box, one folder, one ConfigMap, one extension package. */
export interface Source {
	kind: SourceKind;
	/** As configuration names it whole: the folder, `NAMESPACE/NAME` of the ConfigMap, the package's name. */
	name: string;
	trust: TrustRule;
	entries: Entry[];
	/** What is wrong with the place itself, in sentences. */
	problems: string[];
}

/** One document of a source; either `document` or `problem` is there. */
export interface Entry {
	/** The name that it stands for. */
	name: string;
	/** What it was read from, for messages. */
	file: string;
	document?: Document;
	problem?: UserError;
	/** What it consists of, read once, when it is needed. @throws UserError for what is missing or wrong */
	contents(): Promise<EntryContents>;
	/** Where it and its scripts are had. */
	place(): Promise<Place>;
}

/** A toolkit, or a set of recipes. */
export type Document = { kind: 'Toolkit'; toolkit: Toolkit } | { kind: 'Recipes'; set: RecipeSet };

/** What one document consists of, without what it includes. */
export interface EntryContents extends Contents {
	scripts: Scripts;
}

/** What a document describes, whichever it is. */
export function setOf(document: Document): RecipeSet {
	return document.kind === 'Toolkit' ? document.toolkit : document.set;
}

/** A function that does its work when it is first called, and gives the same from then on. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
	let result: Promise<T> | undefined;
	return () => {
		result ??= work();
		return result;
	};
}

// Optional packages of a command: one is imported when it is needed, and what is missing is said with how to get it.
import { pathToFileURL } from 'node:url'
import { InputError } from '@whyslow/graph/input-error.ts'
import { findPackage, installCommand, placesOf, skippedInstallation } from './find-package.ts'

/** The package's module. `asked`: the flag and what it takes, as in '--store: PostgreSQL'. Throws InputError if it is not installed. */
export async function importOptional<Module>(name: string, asked: string): Promise<Module> {
  const found = findPackage(name, null)
  if (found === null)
    throw new InputError(
      `${asked} takes the package ${name}, which was not found ${placesOf(name, null)}; ${installCommand(name)}`,
    )
  const passed = skippedInstallation(name, null)
  // What Node prints once, on the standard error.
  if (passed !== null) process.emitWarning(`${passed}; ${found.folder} is used`)
  const module = (await import(pathToFileURL(found.entry).href)) as { readonly default?: Module }
  // Of a CommonJS module it is the whole, of which Node may not see all names.
  return module.default ?? (module as Module)
}

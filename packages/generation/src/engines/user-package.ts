// A package of the user's own project, or of the project that the model is in: by the rule of docs/engines.md#which-installation.
import {
  type FoundPackage,
  findPackage,
  installCommand,
  packageEnvironment,
  placesOf,
} from '@whyslow/measure/engines/find-package.ts'

/** null: it is not installed. */
export const findUserPackage = (name: string, folder: string): FoundPackage | null =>
  findPackage(name, null) ?? findPackage(name, null, packageEnvironment(folder))

/** What is missing, with the command that installs it; null: nothing. */
export const missingPackage = (name: string, folder: string, versioned = name): string | null =>
  findUserPackage(name, folder) === null
    ? `the package ${name} was not found ${placesOf(name, null)}, nor in the model's; ${installCommand(versioned)}`
    : null

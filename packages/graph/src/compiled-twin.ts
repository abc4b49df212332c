// Other processes, threads and pages run compiled code: under a test runner the file that starts them is TypeScript in src/, and what
// they import is its twin in dist/.

/** The URL of the compiled file for one in the sources of a package; any other URL as it is. A test runner may put a query behind its tests' names. */
export const compiledTwin = (url: string): string =>
  url.replace(/\/packages\/([a-z]+)\/src\/(.*)\.ts(?:\?.*)?$/, '/dist/$1/$2.js')

// Functions whose module is loaded when they are first called: a command loads what it needs of the products, and nothing of the others.

type Asynchronous = (...given: never[]) => Promise<unknown>

/** `name` of the module that `load` imports. Calls are those of the function itself, but that the first one waits for the import. */
export function onDemand<Module extends object, Name extends keyof Module>(
  name: Name,
  load: () => Promise<Module>,
): Extract<Module[Name], Asynchronous> {
  type Its = Extract<Module[Name], Asynchronous>
  const call = async (...given: Parameters<Its>) => ((await load())[name] as Its)(...given)
  return call as Its
}

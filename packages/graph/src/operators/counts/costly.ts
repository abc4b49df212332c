// Activations and norms built on special functions, as the engine runs them.
export const COSTLY_OPERATORS: ReadonlySet<string> = new Set([
  ...['Erf', 'Tanh', 'Sigmoid', 'Gelu', 'FastGelu', 'BiasGelu', 'QuickGelu', 'Swish', 'Softmax', 'LogSoftmax', 'Exp', 'Log'],
  ...['Pow', 'Softplus', 'Mish', 'Elu', 'Selu', 'Celu', 'HardSigmoid', 'Sin', 'Cos'],
])

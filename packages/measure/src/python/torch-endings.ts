/** How files are called that PyTorch may open itself, as torch_files.py has them; what is in a file decides. */
export const TORCH_ENDINGS = ['.pt2', '.pt', '.pth', '.torchscript'] as const

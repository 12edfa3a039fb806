declare module "react-dom/client" {
  import type { ReactNode } from "react";

  export function createRoot(container: unknown): { render(node: ReactNode): void };
}

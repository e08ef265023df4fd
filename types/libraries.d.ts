// Libraries as the import map names them. Read by tsc only.

declare module "tus";

declare module "@hotwired/turbo" {
  export function visit(address: string, options?: { action?: "advance" | "replace" | "restore" }): void;

  interface Morphing {
    /** Elements, but also text and comments, which have no `matches`. */
    callbacks?: { beforeNodeMorphed?: (current: HTMLElement, fresh: HTMLElement) => boolean };
    ignoreActiveValue?: boolean;
  }

  export function morphElements(current: Element, fresh: Element, options?: Morphing): void;
  export function morphChildren(current: Element, fresh: Element, options?: Morphing): void;
}

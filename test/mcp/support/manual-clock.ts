export * from "../../support/manual-clock.ts";

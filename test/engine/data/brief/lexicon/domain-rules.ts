import type { Row } from "../../../../../engine/data/table-rows.ts";

const number = (row: Row, name: string): number => Number(row[name]);
const text = (row: Row, name: string): string => {
  const value = row[name];
  return typeof value === "string" ? value : "";
};
/** ISO dates and times compare as text. */
const isOrdered = (row: Row, ...names: string[]): boolean =>
  names.every((name, at) => at === 0 || text(row, names[at - 1] ?? "") <= text(row, name));
const isNear = (left: number, right: number): boolean => Math.abs(left - right) < 0.011;

/** What holds in every row of a domain's default columns. */
export const INVARIANTS: Readonly<Record<string, (row: Row) => boolean>> = {
  medical_invoice: (row) => text(row, "invoice_date") < text(row, "due_date") && number(row, "amount") >= 10,
  invoice: (row) => text(row, "invoice_date") < text(row, "due_date"),
  support_ticket: (row) => text(row, "opened_at") < text(row, "resolved_at"),
  ecommerce_order: (row) =>
    isNear(number(row, "total"), number(row, "unit_price") * number(row, "quantity")) &&
    text(row, "order_date") < text(row, "ship_date"),
  employee: (row) => number(row, "age") >= 20 && number(row, "age") <= 66 && number(row, "salary") > 10_000,
  clinical_trial: (row) =>
    Math.abs(number(row, "final_value") - number(row, "baseline_value") - number(row, "change")) < 0.06,
  hospital_admission: (row) => text(row, "admission_date") < text(row, "discharge_date"),
  vital_signs: (row) => number(row, "diastolic") < number(row, "systolic") && number(row, "oxygen_saturation") <= 100,
  insurance_claim: (row) =>
    isOrdered(row, "incident_date", "claim_date") &&
    number(row, "payout_amount") <= number(row, "claim_amount") &&
    (["paid", "approved"].includes(text(row, "claim_status")) || number(row, "payout_amount") === 0),
  flight_booking: (row) => text(row, "booking_date") < text(row, "departure_date"),
  flight_delay: (row) => text(row, "departure_time") < text(row, "arrival_time"),
  hotel_reservation: (row) =>
    isNear(number(row, "total_price"), number(row, "nights") * number(row, "nightly_rate")) &&
    text(row, "booking_date") < text(row, "check_in_date"),
  product_catalogue: (row) => number(row, "unit_price") >= number(row, "unit_cost"),
  student_grade: (row) => (number(row, "passed") === 1) === number(row, "exam_score") >= 60,
  shipment: (row) =>
    isOrdered(row, "dispatch_date", "expected_delivery", "delivered_on") &&
    (number(row, "is_delayed") === 1) === text(row, "delivered_on") > text(row, "expected_delivery"),
  energy_consumption: (row) => isNear(number(row, "cost"), number(row, "energy_kwh") * number(row, "price_per_kwh")),
  payroll: (row) => isNear(number(row, "net_pay"), number(row, "gross_pay") - number(row, "tax_withheld")),
  marketing_campaign: (row) =>
    number(row, "conversions") <= number(row, "clicks") &&
    number(row, "clicks") <= number(row, "impressions") &&
    text(row, "start_date") < text(row, "end_date"),
  email_campaign: (row) =>
    number(row, "converted") <= number(row, "clicked") && number(row, "clicked") <= number(row, "opened"),
  subscription_billing: (row) =>
    isNear(number(row, "monthly_total"), number(row, "monthly_fee") * number(row, "seats")) &&
    text(row, "signup_date") < text(row, "renewal_date"),
  library_loan: (row) =>
    text(row, "borrow_date") < text(row, "due_date") &&
    (number(row, "is_overdue") === 1) === text(row, "return_date") > text(row, "due_date") &&
    (number(row, "is_overdue") === 1 || number(row, "fine") === 0),
  manufacturing_quality: (row) => (text(row, "defect_type") === "none") === (text(row, "qc_result") === "pass"),
  stock_price: (row) =>
    isNear(number(row, "close_price"), number(row, "open_price") * (1 + number(row, "return_pct") / 100)),
  crop_yield: (row) => text(row, "planting_date") < text(row, "harvest_date") && number(row, "yield_t_ha") > 0,
  bank_transaction: (row) => text(row, "transaction_type") !== "deposit" || text(row, "debit_credit") === "credit",
  court_case: (row) =>
    ["open", "in hearing"].includes(text(row, "status")) === (text(row, "verdict") === "pending") &&
    text(row, "filing_date") < text(row, "hearing_date"),
  ride: (row) => text(row, "driver_name") !== text(row, "passenger_name"),
  contract: (row) => text(row, "start_date") < text(row, "end_date"),
  gpu_telemetry: (row) =>
    number(row, "utilization_pct") <= 100 &&
    (number(row, "failed") === 1) === [48, 63, 74, 79, 94, 95, 119].includes(number(row, "xid")),
  gpu_incident: (row) =>
    text(row, "incident_time") < text(row, "recovered_at") &&
    (![64, 79].includes(number(row, "xid")) || ["reboot node", "replace GPU"].includes(text(row, "action_taken"))),
};

/** Domain, feature, label, and whether the feature's mean is higher (1) or lower (-1) where the label is 1. */
export const LIFTS = [
  ["customer_churn", "logins_per_month", "churned", -1],
  ["customer_churn", "support_tickets", "churned", 1],
  ["customer_churn", "tenure_months", "churned", -1],
  ["fraud", "amount", "is_fraud", 1],
  ["fraud", "fraud_score", "is_fraud", 1],
  ["employee_attrition", "satisfaction", "has_left", -1],
  ["credit_score", "credit_score", "defaulted", -1],
  ["gpu_telemetry", "temperature_c", "failed", 1],
  ["predictive_maintenance", "vibration_mm_s", "failure", 1],
  ["heart_disease", "cholesterol", "has_heart_disease", 1],
] as const;

/** Domain, column of 0 and 1, and the bounds of its share of 1 among 4,000 rows (over 5 standard errors away). */
export const SHARES = [
  ["fraud", "is_fraud", 0.01, 0.032],
  ["insurance_claim", "is_fraud", 0.015, 0.046],
  ["crypto_transfer", "suspicious", 0.005, 0.027],
  ["customer_churn", "churned", 0.165, 0.235],
  ["gpu_telemetry", "failed", 0.01, 0.032],
] as const;

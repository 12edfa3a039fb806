import { describe, expect, it } from "vitest";

import { allDomains, findDomain, findField, matchField } from "../../../../../engine/data/brief/lexicon/lexicon.ts";

const domainOf = (id: string) => allDomains().find((domain) => domain.id === id);

describe("finding fields", () => {
  it("does not mind the number, case and order of the words", () => {
    for (const phrase of ["due date", "Due dates", "due_date", "dueDate", "the due-date", "date due"]) {
      expect(findField(phrase)?.id, phrase).toBe("due_date");
    }
  });

  it.each([
    ["ICD code", "icd_code"],
    ["ICD-10 code", "icd_code"],
    ["the patient's name", "patient_name"],
    ["date of birth", "birth_date"],
    ["birthday", "birth_date"],
    ["e-mail address", "email"],
    ["zip code", "postcode"],
    ["number of children", "children_count"],
    ["credit score", "credit_score"],
    ["order total", "order_total"],
    ["unit prices", "unit_price"],
    ["SKU", "sku"],
    ["HTTP status code", "http_status"],
    ["SpO2", "oxygen_saturation"],
    ["GPU temperature", "gpu_temperature"],
    ["XID", "xid"],
    ["hostname", "hostname"],
    ["latitude", "latitude"],
    ["click-through rate", "ctr"],
    ["IBAN", "iban"],
    ["companies", "company"],
    ["net promoter score", "nps"],
    ["NVLink errors", "nvlink_errors"],
  ])("reads %s as %s", (phrase, id) => {
    expect(matchField(phrase)).toMatchObject({ field: { id }, isExact: true });
  });

  it("reads an unknown phrase by its last words, and says so", () => {
    expect(matchField("warranty status")).toMatchObject({ field: { id: "status" }, isExact: false });
    expect(matchField("second contract's due date")).toMatchObject({ field: { id: "due_date" }, isExact: false });
    expect(findField("xylophone tuning")).toBeUndefined();
    expect(findField("")).toBeUndefined();
  });

  it.each([
    ["temperature", "gpu_telemetry", "gpu_temperature"],
    ["temperature", "iot_sensor", "temperature_c"],
    ["temperature", "vital_signs", "body_temperature_c"],
    ["amount", "medical_invoice", "invoice_amount"],
    ["amount", "fraud", "transaction_amount"],
    ["status", "support_ticket", "ticket_status"],
    ["department", "employee", "business_unit"],
    ["department", "medical_invoice", "department"],
    ["price", "real_estate", "listing_price"],
    ["title", "library_loan", "book_title"],
  ])("reads %s in %s as %s", (phrase, domain, id) => {
    expect(findField(phrase, { domain: domainOf(domain) })?.id).toBe(id);
  });
});

describe("finding domains", () => {
  it.each([
    ["a customer churn dataset", "customer_churn"],
    ["data on the churn of our customers", "customer_churn"],
    ["I need 500 fake medical invoices", "medical_invoice"],
    ["500 fake medical invoices with patient, ICD code, amount between 50 and 5000", "medical_invoice"],
    ["1000 invoices", "invoice"],
    ["GPU telemetry with failures", "gpu_telemetry"],
    ["gpu incidents for the last quarter", "gpu_incident"],
    ["e-commerce orders", "ecommerce_order"],
    ["online-shop orders with customer and credit score", "ecommerce_order"],
    ["credit card fraud transactions", "fraud"],
    ["bank transactions", "bank_transaction"],
    ["bank transactions with fraud labels", "bank_transaction"],
    ["HR employees", "employee"],
    ["employee attrition", "employee_attrition"],
    ["IoT sensor readings", "iot_sensor"],
    ["web server access logs", "web_log"],
    ["clinical trials", "clinical_trial"],
    ["patient visits", "patient_visit"],
    ["insurance claims", "insurance_claim"],
    ["real-estate listings", "real_estate"],
    ["flight bookings", "flight_booking"],
    ["hotel reservations", "hotel_reservation"],
    ["restaurant reviews", "restaurant_review"],
    ["product catalogue", "product_catalogue"],
    ["student grades", "student_grade"],
    ["survey responses", "survey_response"],
    ["server metrics", "server_metrics"],
    ["network flows", "network_flow"],
    ["vulnerabilities", "vulnerability"],
    ["call center calls", "call_center"],
    ["logistics shipments", "shipment"],
    ["energy consumption per household", "energy_consumption"],
    ["payroll", "payroll"],
    ["loan applications", "loan_application"],
    ["credit scoring data", "credit_score"],
    ["marketing campaigns", "marketing_campaign"],
    ["ad clicks", "ad_click"],
    ["subscription billing", "subscription_billing"],
    ["game players", "game_player"],
    ["video streaming history", "streaming"],
    ["library loans", "library_loan"],
    ["vehicle telematics", "vehicle_telematics"],
    ["manufacturing quality control", "manufacturing_quality"],
    ["crop yields of farms", "crop_yield"],
    ["crypto transfers", "crypto_transfer"],
    ["support tickets", "support_ticket"],
  ])("takes %s for %s", (text, id) => {
    expect(findDomain(text)?.id).toBe(id);
  });

  it("finds none in a text that speaks of something else", () => {
    expect(findDomain("hello there")).toBeUndefined();
    expect(findDomain("in order to begin, what can you do?")).toBeUndefined();
    expect(findDomain("")).toBeUndefined();
  });

  it("finds every domain by its title", () => {
    expect(
      allDomains()
        .filter(({ title, id }) => findDomain(title)?.id !== id)
        .map(({ id }) => id),
    ).toEqual([]);
  });
});

/** Whole briefs: the columns of the dataset in order, and what some of them are. The day is 15 March 2026. */
export interface BriefCase {
  readonly brief: string;
  readonly rows?: number;
  readonly columns: string;
  readonly made?: Readonly<Record<string, string>>;
}

export const BRIEFS: readonly BriefCase[] = [
  {
    brief:
      "I need 500 fake medical invoices with patient, ICD code, amount between 50 and 5000 and a due date after the invoice date",
    rows: 500,
    columns: "patient icd_code amount invoice_date due_date",
    made: { amount: "50..5000 .2", due_date: "invoice_date+14..60D" },
  },
  {
    brief: "100 rows: name, email, age between 18 and 65",
    rows: 100,
    columns: "name email age",
    made: { person: "person_from_faker" },
  },
  {
    brief:
      "columns: user_id (uuid), signup_date (date in 2023), plan (free 60%, pro 30%, enterprise 10%), monthly_spend (float, 0-500)",
    columns: "user_id signup_date plan monthly_spend",
    made: {
      signup_date: "2023-01-01..2024-01-01 D",
      plan: "free 0.6|pro 0.3|enterprise 0.1",
      monthly_spend: "0..500 .2",
    },
  },
  {
    brief: "Generate 1,000 records with product name, category, price from 5 to 100 and stock count",
    rows: 1000,
    columns: "product_name category price stock_count",
    made: { price: "5..100 .2" },
  },
  {
    brief:
      "50k transactions with transaction id, amount lognormal, timestamp in the last 30 days, is_fraud 2 %, merchant",
    rows: 50_000,
    columns: "transaction_id amount timestamp is_fraud merchant",
    made: { is_fraud: "p=0.02", timestamp: "2026-02-14..2026-03-16 s" },
  },
  {
    brief:
      "a million sensor readings with sensor id, temperature normally distributed around 21 with sd 2.5, humidity between 30 and 70 %, recorded at in Q3 2024",
    rows: 1_000_000,
    columns: "sensor_id temperature humidity recorded_at",
    made: { temperature: "N(21,2.5) .1", humidity: "30..70 .1" },
  },
  {
    brief:
      "employees with department (engineering, sales, hr), salary normally distributed around 60000 with a standard deviation of 12000, hire date since 2015",
    columns: "department salary hire_date",
    made: { department: "engineering|sales|hr", salary: "N(60000,12000) .2", hire_date: "2015-01-01..2026-03-16 D" },
  },
  {
    brief:
      "Create a dataset of 300 students: student id, name, grade (A, B, C, D, F), gpa between 0 and 4 with 2 decimals, enrollment date between September 2022 and June 2024",
    rows: 300,
    columns: "student_id name grade gpa enrollment_date",
    made: { grade: "A|B|C|D|F", gpa: "0..4 .2", enrollment_date: "2022-09-01..2024-07-01 D" },
  },
  {
    brief:
      "call center data with wait time exponential with mean 4, number of calls Poisson with mean 12, resolved 85%",
    columns: "wait_time number_of_calls resolved",
    made: { number_of_calls: "Poisson(12)", resolved: "p=0.85" },
  },
  {
    brief: "table with col_a int 1-10, col_b float 0-1, col_c one of x, y or z",
    columns: "col_a col_b col_c",
    made: { col_a: "1|2|3|4|5|6|7|8|9|10", col_b: "0..1 .2", col_c: "x|y|z" },
  },
  {
    brief:
      "Orders with:\n- customer name\n- country: Germany, France, Italy\n- order total between 20 and 900 EUR\n- payment method (card 70 %, paypal 20 %, invoice 10 %)\nNeed 200 rows. As parquet and csv.",
    rows: 200,
    columns: "customer_name country order_total payment_method",
    made: {
      country: "Germany|France|Italy",
      order_total: "20..900 .2",
      payment_method: "card 0.7|paypal 0.2|invoice 0.1",
    },
  },
  {
    brief: "1. order id\n2. status (open/closed)\n3. amount 5-10",
    columns: "order_id status amount",
    made: { status: "open|closed" },
  },
  {
    brief:
      "support tickets with subject, description, priority low/medium/high, created at, resolved at after created at",
    columns: "subject description priority created_at resolved_at",
    made: { priority: "low|medium|high" },
  },
  {
    brief: "I want 20 users with first name, last name, email and phone number in France",
    rows: 20,
    columns: "first_name last_name email phone_number",
  },
  {
    brief:
      "flights with departure time, arrival time 45 to 600 minutes after departure time, airline, origin, destination, price",
    columns: "departure_time arrival_time airline origin destination price",
    made: { arrival_time: "departure_time+45..600m" },
  },
  {
    brief: "loans: loan amount 1000-50000, interest rate 2.5 to 9.5 %, term one of 12, 24, 36 or 60, default 4%",
    columns: "loan_amount interest_rate term default",
    made: { loan_amount: "1000..50000 .2", term: "12|24|36|60", default: "p=0.04" },
  },
  {
    brief: "python coding problems with difficulty easy/medium/hard, problem statement and python code",
    columns: "difficulty problem_statement python_code",
    made: { python_code: "code python" },
  },
  { brief: "give me 10 random email addresses", rows: 10, columns: "email_address" },
  {
    brief:
      "patients with age, sex, diagnosis, blood pressure, admission date in 2025, discharge date 1 to 14 days after admission date",
    columns: "age sex diagnosis blood_pressure admission_date discharge_date",
    made: { discharge_date: "admission_date+1..14D" },
  },
  {
    brief:
      "sales data: region (north, south, east, west), units Poisson with mean 20, unit price between 5 and 50, revenue = units * unit price",
    columns: "region units unit_price revenue",
    made: { revenue: "{{ (units * unit_price) | round(2) }}" },
  },
  {
    brief: "items with weight between 0.5 and 20 kg, height max 200 cm, width at least 10",
    columns: "weight height width",
  },
  {
    brief: "two hundred German customers with name, email, city and country where city depends on country",
    rows: 200,
    columns: "name email city country",
    made: { city: "by country" },
  },
  {
    brief: "temperature normally distributed around 70 with sd 5, humidity 0-100 %, is_fraud 2 %",
    columns: "temperature humidity is_fraud",
    made: { temperature: "N(70,5) .1" },
  },
  {
    brief: "severity low, medium or high, and a country",
    columns: "severity country",
    made: { severity: "low|medium|high" },
  },
  {
    brief: "status (active 80 %, closed 20 %), plan: free/pro/enterprise, age 18-65, 1,000 rows as CSV",
    rows: 1000,
    columns: "status plan age",
    made: { status: "active 0.8|closed 0.2", plan: "free|pro|enterprise" },
  },
  {
    brief:
      "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(100) NOT NULL, plan ENUM('free','pro'), created_at TIMESTAMP, active BOOLEAN, score DECIMAL(5,2) CHECK (score >= 0 AND score <= 10), state CHAR(1) CHECK (state IN ('a','b')));",
    columns: "id email plan created_at active score state",
    made: { id: "1..1000000 int", plan: "free|pro", score: "0..10 .2", state: "a|b" },
  },
  { brief: "CustomerID,OrderDate,Total_Amount", columns: "CustomerID OrderDate Total_Amount" },
  {
    brief: "100 rows like this:\nid,kind,level,price\n1,red,3,10.5\n2,blue,5,11.5\n3,red,9,20.5\n4,blue,4,12.0",
    rows: 100,
    columns: "id kind level price",
    made: { kind: "red|blue", level: "3|4|5|6|7|8|9", price: "10.5..20.5 .2" },
  },
  {
    brief: "| name | type | range |\n|---|---|---|\n| price | float | 18-90 |\n| city | text | Berlin, Paris |",
    columns: "price city",
    made: { price: "18..90 .2", city: "Berlin|Paris" },
  },
  {
    brief: '{"name": "string", "age": "int 18-90", "plan": "free|pro"}',
    columns: "name age plan",
    made: { plan: "free|pro" },
  },
  { brief: '["id", "name", "created_at"]', columns: "id name created_at" },
  {
    brief: '[{"name": "level", "type": "int", "min": 18, "max": 90}, {"name": "plan", "values": ["free", "pro"]}]',
    columns: "level plan",
    made: { level: "18..90 int", plan: "free|pro" },
  },
  {
    brief: "contracts with start date in 2024 and end date after start date, total value 10k to 2M",
    columns: "start_date end_date total_value",
    made: { start_date: "2024-01-01..2025-01-01 D", total_value: "10000..2000000 .2" },
  },
  {
    brief: "invoices: subtotal between 100 and 1000, tax = subtotal * 0.19, total = subtotal + tax",
    columns: "subtotal tax total",
    made: { tax: "{{ (subtotal * 0.19) | round(2) }}", total: "{{ (subtotal + tax) | round(2) }}" },
  },
  {
    brief:
      "cars with brand (Ford, VW), model depends on brand (Ford: Focus, F-150; VW: Golf, Polo), mileage mostly small, sometimes large",
    columns: "brand model mileage",
    made: { brand: "Ford|VW", model: "by brand" },
  },
  {
    brief: "employees with first and last name, start and end date",
    columns: "first_name last_name start_date end_date",
  },
  {
    brief: "phone calls with duration between 1 and 60 minutes, 5 % missing notes",
    columns: "duration notes",
    made: { notes_missing: "p=0.05" },
  },
  {
    brief: "order amount > 0 and <= 500, order id with prefix ORD",
    columns: "order_amount order_id",
    made: { order_amount: "0.01..500 .2", order_id: "uuid ORD-" },
  },
  {
    brief: "bank accounts with iban, balance at least 0, currency (USD/EUR/GBP 50/30/20)",
    columns: "iban balance currency",
    made: { currency: "USD 50|EUR 30|GBP 20" },
  },
  {
    brief: "product reviews with product, rating 1 to 5, review text and rate quality 1-5",
    columns: "product rating review_text quality_score",
    made: { rating: "1|2|3|4|5", review_text: "llm-text", quality_score: "llm-judge" },
  },
  {
    brief: "dragons with name, hoard value (1000 to 100000) and colour (red, green)",
    columns: "name hoard_value colour",
    made: { hoard_value: "1000..100000 .2", colour: "red|green" },
  },
  {
    brief: "a table of orders in 2023 with order date and total",
    columns: "order_date total",
    made: { order_date: "2023-01-01..2024-01-01 D" },
  },
  { brief: "min_price less than max_price", columns: "max_price min_price" },
  {
    brief: "The total is price times quantity. Customers with price 5-10 and quantity 1-3",
    columns: "price quantity total",
    made: { total: "{{ (price * quantity) | round(2) }}" },
  },
  {
    brief: "20 rows please: people aged 20 to 30, with name and email",
    rows: 20,
    columns: "name email age",
    made: { age: "{{ person.age }}" },
  },
  {
    brief: "new dataset: 30 cities with name and country",
    rows: 30,
    columns: "name country",
    made: { name: "by country" },
  },
  { brief: "100 pets with name, age and weight", rows: 100, columns: "name age weight" },
  {
    brief: "schools with name",
    columns: "name",
    made: { name: "{{ name_word }} School" },
  },
  {
    brief: "products with list price between 10 and 500, sale price 10 to 20 % lower than list price",
    columns: "list_price sale_price",
    made: { sale_price: "{{ (list_price * sale_price_factor) | round(2) }}", sale_price_factor: "0.8..0.9 .4" },
  },
  {
    brief: "tickets with status open/closed, closed at only when status is closed, created at",
    columns: "status closed_at created_at",
  },
  {
    brief:
      "data for testing a fraud model: transactions with amount, merchant and is_fraud. Make it realistic. No PII.",
    columns: "amount merchant is_fraud",
  },
  {
    brief: "shifts with employee, start time between 9am and 5pm, duration 4-8 hours",
    columns: "employee start_time duration",
    made: { start_time_minute: "540..1020 int" },
  },
  {
    brief: "hospital patients, age between 0 and 100, weight kg, 10% errors",
    columns: "age weight_kg is_error",
    made: { weight_kg: "N(78,15) .1", is_error: "p=0.1" },
  },
  {
    brief: "users with name, email and age over 18, no phone numbers",
    columns: "name email age",
  },
  {
    brief: "sensors: temp_c -20 to 45, device id unique",
    columns: "temp_c device_id",
    made: { temp_c: "-20..45 int" },
  },
];

/** Subjects alone: the lexicon gives the columns. */
export const SUBJECTS: readonly string[] = [
  "a customer churn dataset",
  "fake medical invoices",
  "GPU telemetry with failures",
  "500 e-commerce orders",
  "employee records",
  "200 product reviews",
  "bank transactions",
  "support tickets",
  "IoT sensor data",
  "insurance claims",
];

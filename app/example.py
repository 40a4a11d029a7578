"""An example of a declaration, to be copied and changed."""

EXAMPLE = """\
# A declaration: dated, signed, valid for a year. Leave out what you don't know; a range is [low, high].
signed_by: M. Lefèvre
stated_on: 2026-11-20
since: 2026-06-01            # since when it has been so
director_hours: [9, 12]      # back-office hours a week, all directors together
director_rate: [70, 90]      # EUR an hour
admin_hours: 35              # back-office hours a week of everybody else
admin_rate: [24, 28]         # EUR an hour, loaded
tools:
  - {name: invoicing, eur_per_month: 49, process: invoicing}
training: 40                 # EUR a month
turnover: [0, 150]           # EUR a month: recruiting and taking over, spread out
provider_price: [2400, 3200] # EUR a month
governance_hours: [3, 5]     # hours a month to steer the provider
transition: [2000, 4000]     # EUR, once
restructuring: false         # a reorganisation or a change of tool under way?
processes:                   # setup invoicing dunning purchases bank payroll tax documents reporting
  invoicing:
    operators: [claire, paul]  # the first does it, the others can stand in
    tasks: true                # described? tasks, frequency, validation rules, tools
    frequency: true
    validation_rules: true
    tools: true
    owner: true                # is there an owner, an approval rule?
    approval_rule: true
    reviewed_on: 2026-09-01
  dunning: {operators: [claire], tasks: true, owner: true}
people:                      # login or staff number: role (director admin other outside_accountant shared_login bot)
  mlefevre: {role: director, name: M. Lefèvre}
  claire: {role: admin}
# baseline: [2025-01-01, 2025-12-31]   # the period you confirm as normal
# limits: {director_hours_limit: 6}
"""
